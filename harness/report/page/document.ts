/**
 * Makes one HTML document of a page, which any browser opens without a network.
 *
 * @module
 */
import { deflateRawSync } from "node:zlib";
import type { PageData } from "./data.ts";
import { packPage } from "./pack.ts";
import { SCRIPT, STYLE } from "./script.ts";

/** Makes the document. The data of the history is packed, so none of its texts can be taken for markup. */
export function documentOf(data: PageData): string {
  const packed = deflateRawSync(packPage(data), { level: 6 }).toString("base64");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escaped(data.head.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main><noscript>This report draws itself with JavaScript, which is switched off here.</noscript></main>
<script id="data" type="text/plain">${packed}</script>
<script type="module">${SCRIPT}</script>
</body>
</html>
`;
}

/** The page loads nothing and sends nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:";

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
