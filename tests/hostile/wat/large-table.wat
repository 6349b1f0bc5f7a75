;; Begins with a table beyond the address space.
(component
  (core module $m (func (export "run")) (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"workflow\"}"))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run")))
  (core module $large (table 4294967295 funcref))
  (core instance (instantiate $large)))
