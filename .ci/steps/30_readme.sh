# The README's two commands, as a newcomer types them.
gate "the main job, as the README says" npx -y deno@2.9.6 run harness/main.ts --nemesis partition
gate "the main job on Bun" bun harness/main.ts --nemesis partition
gate "the main job on Node" node24 harness/main.ts --nemesis partition
suite "deno test, as the README says" '[0-9]+ passed' '[0-9]+ failed' npx -y deno@2.9.6 test
