;; world workflow
;; Gives a good result: what the others differ from.
(module
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 65536))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
    (global.set $free (i32.add (local.get $at) (local.get 3)))
    (local.get $at))
  (data (i32.const 1028) "\10\00\00\00\01\00\00\00\14\00\00\00\04\00\00\00")
  (data (i32.const 16) "s\00\00\00null")
  (func (export "run") (param i32 i32) (result i32) (i32.const 1024))
  (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"workflow\"}"))
