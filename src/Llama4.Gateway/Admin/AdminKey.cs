using System.Security.Cryptography;
using Llama4.Gateway.Keys;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Admin;

/// <summary>The operators' key. How long a comparison takes says nothing about the key, its length included: digests are compared, in constant time.</summary>
internal sealed class AdminKey(string key)
{
    private readonly byte[] _digest = ApiKey.DigestOf(key);

    public bool IsIn(HttpRequest request) =>
        PresentedKey.In(request) is { } presented && CryptographicOperations.FixedTimeEquals(_digest, ApiKey.DigestOf(presented));
}
