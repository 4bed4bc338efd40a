-- wrk script: reads one path over and over.
function request()
  wrk.headers["Authorization"] = "Bearer " .. os.getenv("TOKEN")
  return wrk.format("GET", os.getenv("GET_PATH"))
end

function done(summary)
  local seconds = summary.duration / 1e6
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %.1f %d\n", summary.requests / seconds, bad))
end
