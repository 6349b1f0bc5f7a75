;; world agent
;; Gives the host room for a list of texts where no such list may begin.
(module
  (import "baton:runtime/files@0.1.2" "list"
    (func $list (param i32 i32 i32 i32 i32 i32 i32)))
  (memory (export "memory") 2)
  (global $free (mut i32) (i32.const 65537))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.or (i32.add (local.get $at) (local.get 3)) (i32.const 1)))
    (local.get $at))
  (data (i32.const 8) "{}")
  (func (export "perform")
    (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)
    (call $list (i32.const 16) (i32.const 0) (i32.const 16) (i32.const 0)
      (i32.const 8) (i32.const 2) (i32.const 2048))
    (unreachable))
  (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"agent\",\"requests\":{\"read\":{\"include\":[\"**\"]}}}"))
