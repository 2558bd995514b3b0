// A process that opens the folder it is told, says so or why not, and holds it until its input ends.
import process from "node:process";
import { openDisk } from "../../../server/node/disk.ts";

try {
  const disk = openDisk(process.argv[2]!);
  process.stdin.on("end", () => disk.close(() => process.exit(0)));
  process.stdin.resume();
  process.stdout.write(`held by ${process.pid}\n`);
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
}
