/**
 * The entry point of a report's page: unpacks the data in the page.
 *
 * @module
 */
/// <reference lib="dom" />
import type { PageData } from "../page/data.ts";
import { show } from "./main.ts";

const packed = document.querySelector("#data")!.textContent!;
const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
show(await new Response(stream).json() as PageData);
