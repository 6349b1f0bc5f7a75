;; Has many tables in one module.
(component
  (core module $m (func (export "run")) (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"workflow\"}"))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run")))
  (core module $tables (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) (table 1 funcref) )
  (core instance (instantiate $tables)))
