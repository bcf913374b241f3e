import { runService } from './service/run.ts';

process.exit(await runService(process.env));
