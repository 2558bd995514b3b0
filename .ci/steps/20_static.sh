# What needs no test: format, lint, types, docs, publishing, sizes.
readme_is_short() { [ "$(stat -c %s README.md)" -le 12288 ]; }

gate "deno fmt --check" deno fmt --check
gate "deno lint" deno lint
gate "deno check" deno task check
gate "deno doc --lint" deno task doc:lint
gate "deno publish --dry-run" deno publish --dry-run --allow-dirty
gate "the README has at most 12 KB" readme_is_short
