import { runService } from './run.ts';

await runService(process.env);
