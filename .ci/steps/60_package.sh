# The npm package and the single files, as somebody installs them.
export KAYA_PACKAGE=1
deno_suite "the npm package, the single files and JSR's layout, on every runtime" test -A tests/package
unset KAYA_PACKAGE
