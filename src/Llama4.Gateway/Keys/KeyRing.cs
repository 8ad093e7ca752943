using System.Security.Cryptography;

namespace Llama4.Gateway.Keys;

/// <summary>The keys in force, each with what it has used.</summary>
internal sealed class KeyRing
{
    private readonly TimeProvider _clock;
    private volatile (ApiKey Key, KeyMeter Meter)[] _keys = [];

    public KeyRing(GatewayOptions options)
    {
        _clock = options.Clock;
        IsOpen = options.ApiKeys is null;
        Replace(options.ApiKeys?.Keys ?? []);
    }

    /// <summary>Nobody is asked for a key.</summary>
    public bool IsOpen { get; }

    public int Count => _keys.Length;

    /// <summary>
    /// Whose key it is; null if nobody's. Digests are compared, each of them, to its last byte, whether an earlier one was equal or not:
    /// how long it takes says nothing about any key.
    /// </summary>
    public Caller? Find(string presented)
    {
        if (presented.Length is < ApiKey.CharsMin or > ApiKey.CharsMax)
        {
            return null;
        }

        var keys = _keys;
        var digest = ApiKey.DigestOf(presented);
        var found = -1;
        for (var i = 0; i < keys.Length; i++)
        {
            found = CryptographicOperations.FixedTimeEquals(digest, keys[i].Key.Digest) ? i : found;
        }

        return found < 0 ? null : new Caller(keys[found].Key.Name, keys[found].Meter);
    }

    /// <summary>Puts other keys in force. One that was there before with the same limits keeps what it has used.</summary>
    public void Replace(IReadOnlyList<ApiKey> keys)
    {
        var before = _keys.ToDictionary(entry => Convert.ToHexString(entry.Key.Digest), entry => entry.Meter);
        _keys = [.. keys.Select(key => (
            key,
            before.TryGetValue(Convert.ToHexString(key.Digest), out var meter) && meter.Limits == key.Limits ? meter : new KeyMeter(key.Limits, _clock)))];
    }
}
