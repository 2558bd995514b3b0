# Every command in README and docs, as it is printed.
export KAYA_DOCS=1
deno_suite "the commands of README and docs" test -A tests/docs
unset KAYA_DOCS
