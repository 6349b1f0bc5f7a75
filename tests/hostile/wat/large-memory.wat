;; Begins with four gigabytes.
(component
  (core module $m (func (export "run")) (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"workflow\"}"))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run")))
  (core module $large (memory 65536))
  (core instance (instantiate $large)))
