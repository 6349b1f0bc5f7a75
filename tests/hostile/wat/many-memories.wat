;; Has many small memories in many instances.
(component
  (core module $m (func (export "run")) (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"workflow\"}"))
  (core instance $i (instantiate $m))
  (func (export "run") (canon lift (core func $i "run")))
  (core module $small (memory 1))
  (core instance (instantiate $small))
  (core instance (instantiate $small))
  (core instance (instantiate $small))
  (core instance (instantiate $small))
  (core instance (instantiate $small))
  (core instance (instantiate $small)))
