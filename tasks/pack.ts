// Builds the npm package: deno task pack [FOLDER]. Writes FOLDER/kayadb-raft-VERSION.tgz (out/npm by default).
//
// The sources are compiled one by one, with declarations and source maps; package.json follows from deno.json.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const out = process.argv[2] ?? join(root, "out", "npm");
const folder = join(out, "package");

const deno = JSON.parse(readFileSync(join(root, "deno.json"), "utf8"));
const source = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

rmSync(out, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
compile();
for (const file of ["README.md", "CHANGELOG.md", "LICENSE"]) copyFileSync(join(root, file), join(folder, file));
cpSync(join(root, "docs"), join(folder, "docs"), { recursive: true });
copyFileSync(join(root, "kaya-raft.js"), join(folder, "kaya-raft.js"));
chmodSync(join(folder, "kaya-raft.js"), 0o755);
writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
npm(["pack", folder, "--silent", "--pack-destination", out]);
process.stdout.write(`${join(out, `kayadb-raft-${deno.version}.tgz`)}\n`);

/** Compiles every published source to ECMAScript 2022, which Node 20 runs. */
function compile(): void {
  const config = join(out, "tsconfig.json");
  const options = {
    target: "es2022",
    lib: ["esnext", "dom"],
    module: "nodenext",
    rewriteRelativeImportExtensions: true,
    isolatedDeclarations: true,
    declaration: true,
    sourceMap: true,
    inlineSources: true,
    noCheck: true, // `deno task check` has checked them
    noEmitOnError: false,
    types: [],
    rootDir: root,
    outDir: folder,
  };
  const rooms = deno.publish.include.filter((name: string) => !name.includes("."));
  const include = ["mod.ts", ...rooms.map((room: string) => `${room}/**/*.ts`)].map((path) => join(root, path));
  writeFileSync(config, JSON.stringify({ compilerOptions: options, include }));
  // The clone's package.json says "type": "module", so that every file is a module for the compiler too.
  npx(["-p", "typescript@5.9.3", "tsc", "-p", config]);
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!name.endsWith(".d.ts")) continue;
    const path = join(folder, name);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/((?:from|import)\s*\(?\s*"\.[^"\n]*)\.ts"/g, '$1.js"'));
  }
}

function manifest(): Record<string, unknown> {
  const doors = Object.entries(deno.exports as Record<string, string>).map(([door, file]) => {
    const js = file.replace(/\.ts$/, ".js");
    return [door, { types: js.replace(/\.js$/, ".d.ts"), default: js }];
  });
  const { name, version, license } = deno;
  const { description, repository, keywords } = source;
  return {
    name,
    version,
    description,
    license,
    keywords,
    repository,
    type: "module",
    bin: { "kaya-raft": "./kaya-raft.js" },
    main: "./mod.js",
    types: "./mod.d.ts",
    exports: Object.fromEntries([...doors, ["./package.json", "./package.json"]]),
    engines: { node: ">=20" },
    sideEffects: false,
  };
}

function npm(args: string[]): void {
  execFileSync("npm", args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

function npx(args: string[]): void {
  execFileSync("npx", ["-y", ...args], { cwd: out, stdio: ["ignore", "inherit", "inherit"] });
}
