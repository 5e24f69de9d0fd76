-- What surrounds every script: the libraries that Redis leaves in, made read-only. `host` has the functions that
-- are written in Rust; `host.text` is the text of an error that one of them has raised.
local host = ...
local error, getmetatable, pairs, rawget, setmetatable, type = error, getmetatable, pairs, rawget, setmetatable, type
local plain_pcall, plain_xpcall, plain_tostring = pcall, xpcall, tostring

-- The tables that no script may change, and their fields. In Redis they are plain tables of a Lua that can make tables
-- read-only; here each is a proxy, and whatever looks into it or changes it past its metatable is guarded (guard.rs).
local fields_of = {}
local READONLY = "Attempt to modify a readonly table"

local function readonly(fields)
    local proxy = setmetatable({}, {
        __index = fields,
        __newindex = function()
            error(READONLY, 2)
        end,
    })
    fields_of[proxy] = fields
    return proxy
end

local function changing(name, call)
    return host.guarded(name, call, fields_of, true)
end

local function looking(name, call)
    return host.guarded(name, call, fields_of, false)
end

table.insert = changing("insert", table.insert)

local redis = host.redis
redis.REDIS_VERSION = "7.0.15"
redis.REDIS_VERSION_NUM = 0x0007000f
redis.LOG_DEBUG, redis.LOG_VERBOSE, redis.LOG_NOTICE, redis.LOG_WARNING = 0, 1, 2, 3
redis.REPL_NONE, redis.REPL_AOF, redis.REPL_SLAVE, redis.REPL_REPLICA, redis.REPL_ALL = 0, 1, 2, 2, 3
redis.replicate_commands = function()
    return true
end

math.random = function(low, high)
    local r = host.random()
    if low == nil then
        return r
    end
    if high == nil then
        low, high = 1, low
    end
    if low > high then
        error("bad argument #2 to 'random' (interval is empty)", 2)
    end
    return math.floor(r * (high - low + 1)) + low
end
math.randomseed = host.randomseed

-- Where an object lies in memory is no business of a script that is to run again the same way.
local function tostring(value)
    local kind, meta = type(value), getmetatable(value)
    if type(meta) == "table" and meta.__tostring then
        return plain_tostring(value)
    elseif kind == "userdata" then
        return "userdata: (nil)"
    elseif kind == "table" or kind == "function" or kind == "thread" then
        return kind .. ": 0x0"
    end
    return plain_tostring(value)
end

-- As Redis's own pcall: an error that is a table with `err` is handed on as that text.
local function outcome(done, first, ...)
    if done then
        return done, first, ...
    end
    local text = host.text(first)
    if text then
        return false, text
    elseif type(first) == "table" and type(first.err) == "string" then
        return false, first.err
    end
    return false, first
end

local globals = {
    redis = readonly(redis),
    bit = readonly(host.bit),
    cjson = readonly(host.cjson),
    string = readonly(string),
    table = readonly(table),
    math = readonly(math),
    coroutine = readonly(coroutine),
    tostring = tostring,
    setmetatable = changing("setmetatable", setmetatable),
    rawset = changing("rawset", rawset),
    rawget = looking("rawget", rawget),
    next = looking("next", next),
    pairs = looking("pairs", pairs),
    load = host.load(load),
    loadstring = host.loadstring(loadstring),
    pcall = function(...)
        return outcome(plain_pcall(...))
    end,
    xpcall = function(call, handler)
        return plain_xpcall(call, function(failure)
            local text, plain = host.text(failure)
            return handler(plain and text or text and { err = text } or failure)
        end)
    end,
    KEYS = host.keys,
    ARGV = host.argv,
}
for _, name in pairs({
    "assert", "tonumber", "rawequal", "collectgarbage", "getmetatable", "type", "select", "unpack", "gcinfo", "ipairs",
    "_VERSION", "error",
}) do
    globals[name] = rawget(_G, name)
end
-- The one table that all strings lead to.
getmetatable("").__metatable = readonly({ __index = globals.string })

local protected = setmetatable({}, {
    __index = function(_, name)
        local value = globals[name]
        if value == nil then
            error("Script attempted to access nonexistent global variable '" .. plain_tostring(name) .. "'", 2)
        end
        return value
    end,
    __newindex = function()
        error(READONLY, 2)
    end,
})
fields_of[protected] = globals
globals._G = protected
return protected
