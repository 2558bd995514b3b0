# What the steps of CI share: the runtimes, and how a step's outcome is counted and shown.
# A gate counts as one; a run of the suite counts its tests.
export NO_COLOR=1

deno() { npx -y deno@2.9.6 "$@"; }
bun() { npx -y bun@1.4.5 "$@"; }
node24() { npx -y node@24 "$@"; }
passed=0
failed=0
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# report NAME STATUS PASSED FAILED LOG: prints how a step ended, the end of its output where it failed.
report() {
  passed=$((passed + $3))
  failed=$((failed + $4))
  if [ "$2" -eq 0 ] && [ "$4" -eq 0 ]; then
    echo "ok      $1 ($3 passed, ${SECONDS}s so far)"
  else
    echo "FAILED  $1 (exit status $2; $3 passed, $4 failed)"
    tail -n 200 "$5" | sed 's/^/    /'
  fi
}

# gate NAME COMMAND...: passes if the command exits with 0.
gate() {
  local name=$1 log=$logs/gate
  shift
  "$@" >"$log" 2>&1 </dev/null
  local status=$?
  if [ $status -eq 0 ]; then report "$name" 0 1 0 "$log"; else report "$name" $status 0 1 "$log"; fi
}

# suite NAME PASSED_PATTERN FAILED_PATTERN COMMAND...: a test runner; the patterns find its two numbers.
suite() {
  local name=$1 good=$2 bad=$3 log=$logs/suite
  shift 3
  "$@" >"$log" 2>&1 </dev/null
  local status=$? ok not_ok
  ok=$(grep -oE "$good" "$log" | tail -n 1 | grep -oE '[0-9]+')
  not_ok=$(grep -oE "$bad" "$log" | tail -n 1 | grep -oE '[0-9]+')
  ok=${ok:-0}
  not_ok=${not_ok:-0}
  # A runner that failed without counting a failure, or that ran nothing, has failed.
  if [ "$not_ok" -eq 0 ] && { [ $status -ne 0 ] || [ "$ok" -eq 0 ]; }; then not_ok=1; fi
  report "$name" $status "$ok" "$not_ok" "$log"
}

# deno_suite NAME ARGUMENTS...: tests on Deno.
deno_suite() {
  local name=$1
  shift
  suite "$name" '[0-9]+ passed' '[0-9]+ failed' deno "$@"
}
