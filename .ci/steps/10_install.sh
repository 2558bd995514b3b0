# Real clients, systems and a browser for the tests that use them: from Debian, npm and PyPI.
install_debian() {
  command -v redis-benchmark && command -v redis-server && command -v redis-sentinel && command -v ruby &&
    command -v chromium && return 0
  apt-get update -qq && apt-get install -y -qq redis-tools redis-server redis-sentinel ruby chromium
}
install_npm() {
  npm install --silent --no-audit --no-fund --prefix "$logs/clients" ioredis@5 redis@5 playwright-core@1
}
export KAYA_IOREDIS=$logs/clients/node_modules/ioredis/built/index.js
export KAYA_NODE_REDIS=$logs/clients/node_modules/redis/dist/index.js
export KAYA_PLAYWRIGHT=$logs/clients/node_modules/playwright-core/index.js

gate "install Debian's packages that the tests use" install_debian
gate "install npm's packages that the tests use" install_npm
