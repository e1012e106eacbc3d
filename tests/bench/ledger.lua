-- What proxies send to a ledger, for wrk: holds one by one, and their settlements some calls later,
-- so many in a batch. Arguments: token, the run's name, tenants, settlements of a batch.
local BEHIND = 1024 -- many more than connections: what is settled has been held

local head, name, tenants, batch
local held, settled = 0, 0

function init(args)
  head = {["content-type"] = "application/json", ["authorization"] = "Bearer " .. args[1]}
  name, tenants, batch = args[2], tonumber(args[3]), tonumber(args[4])
end

local function hold()
  held = held + 1
  local body = string.format(
    '{"hold_id":"%s-%d","tenant":"t%d","credits":"0.02","user":"u%d","key":"k"}',
    name, held, held % tenants, held % 50)
  return wrk.format("POST", "/v1/holds", head, body)
end

local function settle()
  local items = {}
  for i = 1, batch do
    settled = settled + 1
    items[i] = string.format(
      '{"tenant":"t%d","hold_id":"%s-%d","credits":"0.01","outcome":"answered","parts":[{"model":'
      .. '"m%d","credits":"0.01","usage":{"input":900,"output":110}}]}',
      settled % tenants, name, settled, settled % 3)
  end
  local body = '{"settlements":[' .. table.concat(items, ",") .. "]}"
  return wrk.format("POST", "/v1/settlements", head, body)
end

function request()
  if held - settled >= BEHIND + batch then
    return settle()
  end
  return hold()
end
