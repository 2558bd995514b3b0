# Real clients, systems and a browser for the tests that use them: from Debian, npm and PyPI.
install_debian() {
  local program missing=0
  for program in redis-benchmark redis-server redis-sentinel ruby chromium; do
    command -v "$program" || missing=1
  done
  [ "$missing" -eq 0 ] && return 0
  apt-get update -qq && apt-get install -y -qq redis-tools redis-server redis-sentinel ruby chromium python3-venv
}
install_npm() {
  npm install --silent --no-audit --no-fund --prefix "$logs/clients" ioredis@5 redis@5 playwright-core@1
}
install_pypi() {
  python3 -m venv "$logs/python" && "$logs/python/bin/pip" install -q redis valkey
}
export KAYA_PYTHON=$logs/python/bin/python
export KAYA_IOREDIS=$logs/clients/node_modules/ioredis/built/index.js
export KAYA_NODE_REDIS=$logs/clients/node_modules/redis/dist/index.js
export KAYA_PLAYWRIGHT=$logs/clients/node_modules/playwright-core/index.js

gate "install Debian's packages that the tests use" install_debian
gate "install npm's packages that the tests use" install_npm
gate "install PyPI's packages that the tests use" install_pypi
