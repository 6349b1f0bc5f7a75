;; Is an agent and asks for what only workflows have.
(component
  (import "baton:runtime/tasks@0.1.2" (instance))
  (core module $m (func (export "perform")) (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"agent\"}"))
  (core instance $i (instantiate $m))
  (func (export "perform") (canon lift (core func $i "perform"))))
