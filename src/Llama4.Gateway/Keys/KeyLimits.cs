namespace Llama4.Gateway.Keys;

/// <summary>What a key may ask of one gateway; null for as much as the gateway itself takes.</summary>
/// <param name="RequestsPerMinute">Requests that are let in.</param>
/// <param name="TokensPerMinute">Tokens of prompts and answers.</param>
/// <param name="Concurrent">Requests at one time.</param>
public sealed record KeyLimits(int? RequestsPerMinute = null, int? TokensPerMinute = null, int? Concurrent = null);
