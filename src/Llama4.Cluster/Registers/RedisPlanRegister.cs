using Orleans.Serialization;
using StackExchange.Redis;

namespace Llama4.Cluster.Registers;

/// <summary>The register of a cluster in Redis: a hash of the term and the record, changed by a script, which Redis runs as one step.</summary>
internal sealed class RedisPlanRegister(IConnectionMultiplexer redis, Serializer<PlanRecord> serializer, string clusterId) : IPlanRegister
{
    private const string SetIfTerm = """
        local term = tonumber(redis.call('HGET', KEYS[1], 'term') or '0')
        if term ~= tonumber(ARGV[1]) then return 0 end
        redis.call('HSET', KEYS[1], 'term', ARGV[2], 'record', ARGV[3])
        return 1
        """;

    private readonly RedisKey _key = $"llama4/{clusterId}/plan";

    public async Task<PlanRecord?> ReadAsync()
    {
        var record = await redis.GetDatabase().HashGetAsync(_key, "record");
        return record.HasValue ? serializer.Deserialize((byte[])record!) : null;
    }

    public async Task<bool> TrySetAsync(long term, PlanRecord next)
    {
        RedisValue[] values = [term, next.Term, serializer.SerializeToArray(next)];
        return (long)await redis.GetDatabase().ScriptEvaluateAsync(SetIfTerm, [_key], values) == 1;
    }
}
