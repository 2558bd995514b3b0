import assert from "node:assert/strict";
import { test } from "node:test";
import { fileErrorInWords } from "../../../harness/cli/file_error.ts";

function errorWith(message: string, code?: string): Error {
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}

test("an error of the file system is told in words", () => {
  assert.equal(fileErrorInWords(errorWith("ENOENT: ...", "ENOENT")), "there is no such file or folder");
  assert.equal(fileErrorInWords(errorWith("EISDIR: ...", "EISDIR")), "it is a folder");
});

test("an error that has no words keeps its code, and one without a code its message", () => {
  assert.equal(fileErrorInWords(errorWith("EXDEV: ...", "EXDEV")), "EXDEV");
  assert.equal(fileErrorInWords(errorWith("Empty path is not allowed")), "Empty path is not allowed");
});

test("a permission that Deno was not given is told with the flag that gives it", () => {
  const message = 'Requires read access to "a", run again with the --allow-read flag';

  assert.equal(fileErrorInWords(errorWith(message)), message);
  assert.equal(fileErrorInWords(errorWith(message, "NotCapable")), message);
});
