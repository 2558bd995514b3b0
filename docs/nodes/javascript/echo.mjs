#!/usr/bin/env node
// Challenge 1: echo.
import { Node } from "./node.mjs";

const node = new Node();
node.on("echo", ({ body }) => ({ type: "echo_ok", echo: body.echo }));
node.run();
