# The whole suite on the three runtimes, and the examples in the docs.
deno_suite "deno task test, with files, sockets and processes" task test
deno_suite "the examples in the docs" task test:doc
suite "bun test" '[0-9]+ pass$' '[0-9]+ fail$' bun test --timeout 60000
suite "node --test" '^(ℹ|#) pass [0-9]+' '^(ℹ|#) fail [0-9]+' node24 --test 'tests/**/*_test.ts'
