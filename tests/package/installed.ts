// The npm package, built and installed in an empty folder, and the runtimes that try it.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What a command did. */
export interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** A runtime: its name, and the path of its program. */
export interface Runtime {
  readonly name: string;
  readonly program: string;
}

/** Runs a program to its end. */
export function runIn(folder: string, program: string, args: readonly string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 });
  return { status, out: stdout ?? "", err: stderr ?? "" };
}

/** The path of a runtime that npm offers as a package of its own. */
export function runtime(name: string, version: string): Runtime {
  const print = "process.stdout.write(process.execPath)";
  const program = execFileSync("npx", ["-y", `${name}@${version}`, "-e", print], { encoding: "utf8" });
  return { name: `${name} ${version}`, program };
}

/** A folder in which the package is installed, with the tools that its tests need. */
export class Installation {
  readonly folder: string = mkdtempSync(join(tmpdir(), "kaya-package-"));
  /** The package's tarball. */
  readonly tarball: string;

  constructor(tools: readonly string[] = []) {
    const built = join(this.folder, "built");
    execFileSync(process.execPath, [...(isDeno ? ["run", "-A"] : []), join(root, "tasks", "pack.ts"), built]);
    this.tarball = join(built, readdirSync(built).find((name) => name.endsWith(".tgz"))!);
    this.write("package.json", '{ "name": "somebody", "private": true, "type": "module" }');
    this.npm(["install", "--no-audit", "--no-fund", "--silent", this.tarball, ...tools]);
  }

  /** Writes a file of the installing project. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  /** Runs npm in the folder. */
  npm(args: readonly string[]): void {
    execFileSync("npm", args, { cwd: this.folder, stdio: ["ignore", "ignore", "inherit"] });
  }

  /** Runs a program of the installed packages. */
  bin(name: string, args: readonly string[]): Outcome {
    return runIn(this.folder, join(this.folder, "node_modules", ".bin", name), args);
  }

  /** Removes the folder. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const isDeno = (globalThis as { Deno?: unknown }).Deno !== undefined;
