;; world workflow, utf16
;; Logs the first half of a pair of UTF-16.
(module
  (import "baton:runtime/report@0.1.2" "log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (data (i32.const 16) "\00\d8\41\00")
  (func (export "run") (param i32 i32) (result i32)
    (call $log (i32.const 1) (i32.const 16) (i32.const 2))
    (unreachable))
  (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"workflow\"}"))
