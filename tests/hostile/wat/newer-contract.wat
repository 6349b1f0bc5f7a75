;; Was written for a contract that is not there yet.
(component
  (import "baton:runtime/tasks@0.2.0" (instance))
  (core module $m (func (export "run")) (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"workflow\"}"))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
