# A node for Maelstrom's protocol, to copy into your own project: one file, the standard library alone.
#
# It works under `--target maelstrom`, under Maelstrom itself, and in lockstep (`--clock lockstep`), where the same seed repeats the run byte for byte.
# In lockstep, all waiting must go through this file: use `rpc`, `sleep`, `every`, `now` and `random` of this file, and no threads, clocks, files or sockets.
#
#     require_relative "node"
#     node = Node.new
#     node.on("echo") { |message| { type: "echo_ok", echo: message["body"]["echo"] } }
#     node.run
#
# Handlers and tasks are fibers: `rpc` and `sleep` wait, and meanwhile others run. One runs at a time: no locks are needed.
require "fiber"
require "json"

# An error that is sent to a client or another node.
# 0 timeout, 10 not supported, 11 unavailable, 14 abort, 20 no such key, 22 precondition failed.
class RpcError < StandardError
  attr_reader :code

  def initialize(code, text)
    super(text)
    @code = code
  end
end

# A value that comes later: `wait` waits for it; `set` brings it, once. Made by Node#future.
class Future
  def initialize(ready)
    @ready = ready
    @fibers = []
  end

  def set(value = nil)
    return if @is_set

    @is_set, @value = true, value
    @fibers.each { |fiber| @ready << [fiber, value] }
  end

  def wait
    return @value if @is_set

    @fibers << Fiber.current
    Fiber.yield
  end
end

class Node
  # This node's name, the names of all, and random numbers: in lockstep these follow from the run's seed, the node and its life.
  attr_reader :id, :ids, :random

  def initialize
    @id = ""
    @ids = []
    @random = Random.new
    @handlers = {}
    @waiting = {} # requests, by msg_id
    @next_id = 0
    @timers = [] # [time, order, action], earliest first
    @order = 0
    @ready = [] # fibers that can go on, with what they waited for
    @virtual = nil # in lockstep: the time of the last line
    @out = +""
  end

  # The block takes a message and returns the body of its answer, or nil.
  def on(type, &handler)
    @handlers[type] = handler
  end

  # Sends a message that needs no answer.
  def send_message(dest, body)
    @out << JSON.generate({ src: @id, dest: dest, body: body }) << "\n"
  end

  # Answers a message.
  def reply(message, body)
    send_message(message["src"], body.merge(in_reply_to: message["body"]["msg_id"]))
  end

  # Asks another node or a service. Raises RpcError: the answer's, or 0 if none came within `timeout` ms.
  def rpc(dest, body, timeout = 1000)
    msg_id = (@next_id += 1)
    send_message(dest, body.merge(msg_id: msg_id))
    fiber = Fiber.current
    timer = after(timeout) do
      @waiting.delete(msg_id)
      @ready << [fiber, { "type" => "error", "code" => 0, "text" => "no answer from #{dest} within #{timeout} ms" }]
    end
    @waiting[msg_id] = lambda do |answer|
      @timers.delete(timer)
      @ready << [fiber, answer]
    end
    answer = Fiber.yield
    raise RpcError.new(answer["code"], answer["text"]) if answer["type"] == "error"

    answer
  end

  # Milliseconds.
  def now
    @virtual || Process.clock_gettime(Process::CLOCK_MONOTONIC, :float_millisecond)
  end

  # Waits for `ms`.
  def sleep(ms)
    fiber = Fiber.current
    after(ms) { @ready << [fiber, nil] }
    Fiber.yield
  end

  # A value that comes later.
  def future
    Future.new(@ready)
  end

  # Runs the block every `ms` from now on; again only when it is done.
  def every(ms)
    spawn do
      loop do
        sleep(ms)
        yield
      end
    end
  end

  # Runs a task beside all others.
  def spawn(&task)
    @ready << [Fiber.new(&task), nil]
  end

  # Listens until the standard input ends.
  def run
    rest = +""
    loop do
      work
      next unless IO.select([$stdin], nil, nil, until_due)

      begin
        rest << $stdin.readpartial(1 << 20)
      rescue EOFError
        return
      end
      *lines, rest = rest.split("\n", -1)
      lines.each { |line| take(JSON.parse(line)) unless line.strip.empty? }
    end
  end

  private

  def take(message)
    if message["now"].nil?
      handle(message)
      return work
    end
    # A step in lockstep: what is due, then the message, one after another.
    @virtual = message["now"]
    @random = Random.new(message["seed"]) if message["seed"]
    work
    unless message["src"] == "clock"
      handle(message)
      work
    end
    wake_at = @timers.empty? ? nil : @timers.first[0]
    send_message("clock", { type: "idle", seq: message["seq"], wake_at: wake_at })
    flush
  end

  def handle(message)
    body = message["body"]
    if body["in_reply_to"]
      @waiting.delete(body["in_reply_to"])&.call(body)
    else
      spawn { serve(message) }
    end
  end

  def serve(message)
    body = message["body"]
    is_init = body["type"] == "init"
    @id, @ids = body["node_id"], body["node_ids"] if is_init
    handler = @handlers[body["type"]]
    begin
      raise RpcError.new(10, "#{body["type"]} is not supported") if handler.nil? && !is_init

      answer = handler&.call(message)
    rescue RpcError => e
      answer = { type: "error", code: e.code, text: e.message }
    rescue StandardError => e
      warn(e.full_message)
      answer = { type: "error", code: 13, text: e.message }
    end
    answer = { type: "init_ok" } if is_init && !answer.is_a?(Hash)
    reply(message, answer) if answer.is_a?(Hash) && body["msg_id"]
  end

  # Runs what can run: tasks first, then timers that are due, one after another.
  def work
    loop do
      until @ready.empty?
        fiber, result = @ready.shift
        fiber.resume(result)
      end
      break if @timers.empty? || @timers.first[0] > now

      @timers.shift[2].call
    end
    flush if @virtual.nil?
  end

  def after(milliseconds, &action)
    @order += 1
    timer = [now + milliseconds, @order, action]
    at = @timers.bsearch_index { |other| other[0] > timer[0] } || @timers.length
    @timers.insert(at, timer)
    timer
  end

  # Seconds; in lockstep the harness wakes us.
  def until_due
    return nil if @virtual || @timers.empty?

    [0, @timers.first[0] - now].max / 1000.0
  end

  def flush
    return if @out.empty?

    $stdout.write(@out)
    $stdout.flush
    @out = +""
  end
end
