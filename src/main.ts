import { runService } from './service/run.ts';

await runService(process.env);
