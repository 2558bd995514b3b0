# The report's pages and the site, in Chromium.
gate "the report's script is what its sources make" deno run -A tasks/page.ts --check
deno_suite "the report's pages and the site, in Chromium" test -A tests/browser
