/**
 * The entry point of a report's page: unpacks the data in the page.
 *
 * @module
 */
/// <reference lib="dom" />
import { unpackPage } from "../page/pack.ts";
import { bytesOfBase64 } from "./base64.ts";
import { show } from "./main.ts";

const bytes = bytesOfBase64(document.querySelector("#data")!.textContent!);
const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
show(unpackPage(new Uint8Array(await new Response(stream).arrayBuffer())));
