using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Admin;

/// <summary>The operators' key. How long a comparison takes says nothing about the key, its length included: digests are compared, in constant time.</summary>
internal sealed class AdminKey(string key)
{
    private const string Scheme = "Bearer ";

    private readonly byte[] _digest = Digest(key);

    public bool IsIn(HttpRequest request) =>
        request.Headers.Authorization is [{ } header]
        && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && CryptographicOperations.FixedTimeEquals(_digest, Digest(header[Scheme.Length..].Trim()));

    private static byte[] Digest(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
