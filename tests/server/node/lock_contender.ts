// A process that takes and leaves a folder so many times while others do the same, and says if it ever was not alone.
import { unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { FolderInUseError, lockFolder } from "../../../server/node/folder_lock.ts";

const [folder, times] = [process.argv[2]!, Number(process.argv[3])];
const mark = join(folder, "held");
try {
  for (let held = 0; held < times;) {
    try {
      const lock = lockFolder(folder);
      writeFileSync(mark, "", { flag: "wx" });
      held++;
      unlinkSync(mark);
      lock.release();
    } catch (error) {
      if (!(error instanceof FolderInUseError)) throw error;
    }
  }
  process.stdout.write("always alone\n");
} catch (error) {
  process.stdout.write(`${(error as Error).message}\n`);
}
