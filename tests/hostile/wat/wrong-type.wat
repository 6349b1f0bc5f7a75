;; Exports a `run` that takes and gives nothing.
(component
  (core module $m (func (export "run")) (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"workflow\"}"))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run"))))
