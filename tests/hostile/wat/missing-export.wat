;; Exports nothing that anybody could call.
(component
  (core module $m (@custom "baton:manifest" "{\"name\":\"text\",\"world\":\"workflow\"}")))
