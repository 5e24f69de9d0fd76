-- What surrounds every script: the libraries that Redis leaves in, made read-only, and the errors it raises.
-- `host` has the functions that are written in Rust. Those in `raising` return false and an error table where
-- they fail, and the error is raised here: an error that is a table cannot be raised from Rust.
local host = ...
local error, pairs, setmetatable, type, rawget = error, pairs, setmetatable, type, rawget

local function raising(call)
    return function(...)
        local done, result = call(...)
        if done then
            return result
        end
        error(result, 0)
    end
end

local function readonly(fields)
    return setmetatable({}, {
        __index = fields,
        __newindex = function()
            error("Attempt to modify a readonly table", 2)
        end,
        __len = function() return #fields end,
    })
end

local redis = {
    REDIS_VERSION = "7.0.15",
    REDIS_VERSION_NUM = 0x0007000f,
    LOG_DEBUG = 0, LOG_VERBOSE = 1, LOG_NOTICE = 2, LOG_WARNING = 3,
    REPL_NONE = 0, REPL_AOF = 1, REPL_SLAVE = 2, REPL_REPLICA = 2, REPL_ALL = 3,
    error_reply = host.error_reply,
    pcall = host.pcall,
    replicate_commands = function() return true end,
    status_reply = host.status_reply,
}
for name, call in pairs(host.raising) do
    redis[name] = raising(call)
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
local plain = tostring
local function tostring(value)
    local kind = type(value)
    local meta = getmetatable(value)
    if kind == "table" and not (type(meta) == "table" and meta.__tostring) then
        return "table: 0x0"
    elseif kind == "function" or kind == "thread" or kind == "userdata" then
        return kind .. ": 0x0"
    end
    return plain(value)
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
    KEYS = host.keys,
    ARGV = host.argv,
}
for _, name in pairs({
    "xpcall", "getfenv", "setmetatable", "next", "assert", "tonumber", "rawequal", "collectgarbage", "getmetatable",
    "rawset", "pcall", "type", "select", "unpack", "gcinfo", "pairs", "rawget", "loadstring", "ipairs", "_VERSION",
    "setfenv", "load", "error", "newproxy",
}) do
    globals[name] = rawget(_G, name)
end

local protected = setmetatable({}, {
    __index = function(_, name)
        local value = globals[name]
        if value == nil then
            error("Script attempted to access nonexistent global variable '" .. plain(name) .. "'", 2)
        end
        return value
    end,
    __newindex = function()
        error("Attempt to modify a readonly table", 2)
    end,
})
globals._G = protected
return protected
