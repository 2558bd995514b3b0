# The same bytes everywhere: ten seeds of everything on the three runtimes.
runtime_path() { npx -y "$1" -e 'process.stdout.write(process.execPath)'; }
same_histories() {
  KAYA_DENO=$(npx -y deno@2.9.6 eval 'console.log(Deno.execPath())') KAYA_BUN=$(runtime_path bun@1.4.5) \
    KAYA_NODE=$(runtime_path node@24) deno run -A tests/bench/sim_runtimes.ts 10
}
gate "ten seeds give the same histories on Deno, Bun and Node" same_histories
