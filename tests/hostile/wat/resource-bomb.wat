;; world workflow, bag
;; Makes handles of its own resource without end.
(module
  (import "[export]evil:corp/bag@1.0.0" "[resource-new]thing"
    (func $new (param i32) (result i32)))
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (func (export "run") (param i32 i32) (result i32)
    (loop $again (drop (call $new (i32.const 1))) (br $again))
    (unreachable))
  (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"workflow\"}"))
