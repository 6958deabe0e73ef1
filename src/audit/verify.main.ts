import { verifyAudit } from './verify-audit.js';

// node dist/audit/verify.main.js <directory>: exit status 0 where the record is intact, 1 where it is broken.
const [, , directory] = process.argv;
if (directory === undefined) {
  process.stderr.write('usage: verify.main.js <audit directory>\n');
  process.exitCode = 2;
} else {
  const verdict = await verifyAudit(directory);
  process.stdout.write(
    verdict.intact
      ? `intact: ${verdict.entries} entries, head ${verdict.head.hash}\n`
      : `broken: ${verdict.file} line ${verdict.line} ${verdict.fault}\n`,
  );
  process.exitCode = verdict.intact ? 0 : 1;
}
