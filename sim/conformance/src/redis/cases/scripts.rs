//! Scripts: full memory, `cjson`, and what they may not touch.

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        claim: "a script that declares flags and not allow-oom does not run over maxmemory",
        steps: r##"
            1> SET a 1
            1> SCRIPT LOAD "#!lua\nreturn redis.call('get','a')"
            1> CONFIG SET maxmemory 1
            1> EVAL "#!lua\nreturn redis.call('get','a')" 0
            1> EVALSHA a61cb0caa0f32367d5109da224e474fc83a932aa 0
            1> EVAL "#!lua flags=allow-oom\nreturn redis.call('set','a',2)" 0
            1> EVAL "#!lua flags=no-writes\nreturn redis.call('get','a')" 0
            1> EVAL "return redis.call('get','a')" 0
            1> EVAL "return redis.call('set','a',3)" 0
            1> EVAL "redis.call('del','nothing') return redis.call('set','a',4)" 0
            1> MULTI
            1> EVAL "#!lua\nreturn 1" 0
            1> EXEC
            1> CONFIG SET maxmemory 0
            1> MULTI
            1> EVAL "#!lua\nreturn 1" 0
            2> CONFIG SET maxmemory 1
            1> EXEC
            1> CONFIG SET maxmemory 0
            1> EVAL_RO "#!lua\nreturn 1" 0
            1> EVAL_RO "#!lua flags=no-writes\nreturn 1" 0
            1> EVAL_RO "return redis.call('set','a',3)" 0
            1> EVAL "#!lua flags=no-writes\nreturn redis.call('publish','a','b')" 0
        "##,
    },
    Case {
        claim: "cjson writes fourteen digits, holes as null, and a thousand levels",
        steps: r#"
            1> EVAL "return cjson.encode(1700000000123456)" 0
            1> EVAL "return cjson.encode({123456789012345, 12345678901234, 1e14, 1e-5, -0.0, 0.1+0.2, 2^53})" 0
            1> EVAL "return cjson.encode({1,2,nil,4})" 0
            1> EVAL "return cjson.encode({[5]=1})" 0
            1> EVAL "return cjson.encode({[1]=1,[10]=1})" 0
            1> EVAL "return cjson.encode({[1]=1,[11]=1})" 0
            1> EVAL "return cjson.encode({[0]=1})" 0
            1> EVAL "return cjson.encode({[1.5]=1})" 0
            1> EVAL "return cjson.encode({[1700000000123456]='x'})" 0
            1> EVAL "return cjson.encode({[-1]=1})" 0
            1> EVAL "return cjson.encode({[true]=1})" 0
            1> EVAL "return cjson.encode(function() end)" 0
            1> EVAL "\nreturn cjson.encode(1/0)" 0
            1> EVAL "return cjson.encode()" 0
            1> EVAL "return cjson.encode({{}, {a={}}})" 0
            1> EVAL "return cjson.encode('\\127\\1/')" 0
            1> EVAL "local t={} for i=1,999 do t={t} end return #cjson.encode(t)" 0
            1> EVAL "local t={} for i=1,1000 do t={t} end return #cjson.encode(t)" 0
            1> EVAL "local a,b=pcall(cjson.encode, 1/0) return b" 0
        "#,
    },
    Case {
        claim: "cjson reads more than JSON, and a thousand levels",
        steps: r#"
            1> EVAL "return tostring(cjson.decode(ARGV[1]))" 0 0x10
            1> EVAL "return tostring(cjson.decode(ARGV[1]))" 0 0x1.8p1
            1> EVAL "return tostring(cjson.decode(ARGV[1]))" 0 NaN
            1> EVAL "return tostring(cjson.decode(ARGV[1]))" 0 -Infinity
            1> EVAL "return tostring(cjson.decode(ARGV[1])[1])" 0 [1e400]
            1> EVAL "return tostring(cjson.decode(ARGV[1]))" 0 007
            1> EVAL "return tostring(cjson.decode(ARGV[1]))" 0 +1
            1> EVAL "return tostring(cjson.decode(ARGV[1]))" 0 1.5e3
            1> EVAL "return cjson.decode(ARGV[1]).a[2]" 0 "{\"a\": [1, \"b\"], \"c\": null}"
            1> EVAL "return #cjson.decode(ARGV[1])" 0 [null,1]
            1> EVAL "return cjson.decode(ARGV[1])" 0 "\"\\ud83d\\ude00\\u00e9\\n\\/\""
            1> EVAL "return cjson.decode(ARGV[1])" 0 "\"a\nb\""
            1> EVAL "return cjson.decode(ARGV[1])" 0 ""
            1> EVAL "return cjson.decode(ARGV[1])" 0 [1,]
            1> EVAL "return cjson.decode(ARGV[1])" 0 "[1 2]"
            1> EVAL "return cjson.decode(ARGV[1])" 0 "1 2"
            1> EVAL "return cjson.decode(ARGV[1])" 0 {
            1> EVAL "return cjson.decode(ARGV[1])" 0 {1:2}
            1> EVAL "return cjson.decode(ARGV[1])" 0 "{\"a\" 2}"
            1> EVAL "return cjson.decode(ARGV[1])" 0 "{\"a\":2 3}"
            1> EVAL "return cjson.decode(ARGV[1])" 0 "{\"a\":2,}"
            1> EVAL "return cjson.decode(ARGV[1])" 0 tru
            1> EVAL "return cjson.decode(ARGV[1])" 0 "\"abc"
            1> EVAL "return cjson.decode(ARGV[1])" 0 "\"\\x\""
            1> EVAL "return cjson.decode(ARGV[1])" 0 "\"\\u12\""
            1> EVAL "return cjson.decode(ARGV[1])" 0 "\"\\ud800x\""
            1> EVAL "return cjson.decode(ARGV[1])" 0 -
            1> EVAL "return cjson.decode(ARGV[1])" 0 infinite
            1> EVAL "return cjson.decode('\\0\\0')" 0
            1> EVAL "return cjson.decode()" 0
            1> EVAL "return cjson.decode({})" 0
            1> EVAL "return cjson.decode(5)" 0
            1> EVAL "local d,t=0,cjson.decode(string.rep('[',1000)..string.rep(']',1000)) while t do d,t=d+1,t[1] end return d" 0
            1> EVAL "return cjson.decode(string.rep('[',1001)..string.rep(']',1001))" 0
            1> EVAL "return cjson.decode(string.rep(ARGV[1],1001))" 0 "{\"a\":"
        "#,
    },
    Case {
        claim: "a script changes neither its surroundings nor the libraries, and loads no bytecode",
        steps: r#"
            1> EVAL "return setmetatable(_G, {})" 0
            1> EVAL "return setmetatable(redis, {})" 0
            1> EVAL "return rawset(_G, 'x', 1)" 0
            1> EVAL "return rawset(string, 'x', 1)" 0
            1> EVAL "return table.insert(redis, 1)" 0
            1> EVAL "redis.call = 1" 0
            1> EVAL "getmetatable('').x = 1" 0
            1> EVAL "return getmetatable('').__index == string" 0
            1> EVAL "local a,b = pcall(setmetatable, _G, {}) return b" 0
            1> EVAL "return rawget(redis, 'call') == redis.call" 0
            1> EVAL "return type(next(redis))" 0
            1> EVAL "for name in pairs(cjson) do if name == 'encode' then return name end end" 0
            1> EVAL "return loadstring(string.dump(function() return 1 end))" 0
            1> EVAL "local f,e = loadstring(string.dump(function() return 1 end)) return e" 0
            1> EVAL "local f,e = loadstring('\\27abc', '=name') return e" 0
            1> EVAL "local t = {string.dump(function() end)} local f,e = load(function() return table.remove(t) end) return e" 0
            1> EVAL "return loadstring('return 7')()" 0
            1> EVAL "local f,e = loadstring('x x') return e" 0
            1> EVAL "local t = {'return ', '8'} local n = 0 return load(function() n = n + 1 return t[n] end)()" 0
            1> EVAL "return setfenv" 0
            1> EVAL "return getfenv" 0
            1> EVAL "return newproxy" 0
            1> EVAL "return pairs(nil)" 0
            1> EVAL "return setmetatable(1, {})" 0
            1> EVAL "return setmetatable({})" 0
            1> EVAL "return rawset({})" 0
            1> EVAL "return rawget(1)" 0
            1> EVAL "return next()" 0
            1> EVAL "return next({}, 1)" 0
            1> EVAL "return table.insert(nil, 1)" 0
            1> EVAL "return table.insert({})" 0
            1> EVAL "return loadstring()" 0
            1> EVAL "return load(5)" 0
            1> EVAL "return getmetatable()" 0
            1> EVAL "local a,b = pcall(pairs) return b" 0
            1> EVAL "local t = setmetatable({}, {__index=function() return 5 end}) table.insert(t, 'x') return {rawget(t,1), t.y, next(t)}" 0
            1> EVAL "return rawset({}, 'a', 'b').a" 0
        "#,
    },
    Case {
        claim: "a script may ask whether its user may run a command",
        steps: r#"
            1> EVAL "return redis.acl_check_cmd('get', 'x')" 0
            1> ACL SETUSER ann on nopass +eval +get +config|get ~a* &n*
            2> AUTH ann x
            2> EVAL "return {redis.acl_check_cmd('get','a'), redis.acl_check_cmd('get','b') and 1 or 0, redis.acl_check_cmd('set','a','1') and 1 or 0}" 0
            2> EVAL "return {redis.acl_check_cmd('CONFIG','GET','a'), redis.acl_check_cmd('config','set','a','b') and 1 or 0}" 0
            2> EVAL "return redis.acl_check_cmd('get')" 0
            2> EVAL "return redis.acl_check_cmd('nosuch')" 0
            2> EVAL "return redis.acl_check_cmd('config','nosuch')" 0
            2> EVAL "return redis.acl_check_cmd()" 0
            2> EVAL "return redis.acl_check_cmd({})" 0
        "#,
    },
];
