-- wrk script: creates pods with names of their own; PREFIX tells runs apart, NAMESPACE is where they go.
local counter = 0
local thread_id = 0
local threads = 0

function setup(thread)
  thread:set("thread_id", threads)
  threads = threads + 1
end

local body = [[{"apiVersion":"v1","kind":"Pod","metadata":{"name":"%s","labels":{"app":"bench","tier":"web","track":"stable"}},]] ..
  [["spec":{"schedulerName":"none","containers":[{"name":"web","image":"registry.example/team/web:1.2.3","ports":[{"containerPort":80,"name":"http"}],]] ..
  [["env":[{"name":"LOG_LEVEL","value":"info"},{"name":"POD_NAME","valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}],]] ..
  [["resources":{"requests":{"cpu":"100m","memory":"64Mi"},"limits":{"cpu":"500m","memory":"128Mi"}}}]}}]]

function request()
  counter = counter + 1
  local name = string.format("%s-%d-%d", os.getenv("PREFIX"), thread_id, counter)
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
  local path = "/api/v1/namespaces/" .. os.getenv("NAMESPACE") .. "/pods"
  return wrk.format("POST", path, nil, string.format(body, name))
end

local wrong = 0
function response(status)
  if status ~= 201 then wrong = wrong + 1 end
end

function done(summary)
  local seconds = summary.duration / 1e6
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %.1f %d\n", (summary.requests - summary.errors.status) / seconds, bad))
end
