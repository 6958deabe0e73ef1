import { preprocessTask } from './preprocess-task.js';
import { serveTask } from './worker-run.js';

await serveTask(preprocessTask);
