namespace Llama4.Gateway.Requests;

/// <summary>The field model.</summary>
internal static class ModelField
{
    /// <summary>The model that a request names; null where it names none.</summary>
    /// <exception cref="ApiError">It is not served here.</exception>
    public static string? CheckModel(this RequestFields fields, GatewayOptions options)
    {
        var model = fields.Text("model");
        return model is null || options.ModelIds.Contains(model) ? model : throw ApiError.ModelNotFound(model, options.ModelIds);
    }
}
