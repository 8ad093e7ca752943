namespace Llama4.GatewayLoad.Clients;

/// <summary>How one request to the server went.</summary>
/// <param name="Status">HTTP's; 0 where the client left before there was one.</param>
/// <param name="Wait">To the first token of the answer; null without one.</param>
/// <param name="Tokens">That arrived.</param>
/// <param name="HasLeft">The client went away before the end, as it meant to.</param>
/// <param name="Fault">What went wrong that is neither the client's doing nor a refusal; null for nothing.</param>
internal sealed record Exchange(int Status, TimeSpan? Wait, int Tokens, bool HasLeft, string? Fault)
{
    public bool IsWhole => Status == 200 && !HasLeft && Fault is null;

    /// <summary>The server is full or not there yet: the only refusals that load may bring.</summary>
    public bool IsRefused => Status is 429 or 503;
}
