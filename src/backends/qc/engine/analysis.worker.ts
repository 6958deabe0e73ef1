import { serveTask } from '../../fastq/worker-run.js';
import { analysisTask } from './analysis-task.js';

await serveTask(analysisTask);
